"""The paper's experiment on real images: CamVid, four folds that change places, cells that are done once."""
