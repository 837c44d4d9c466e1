"""The buttons under the choices of a snapshot."""

from PySide6.QtWidgets import QDialogButtonBox, QPushButton


class Buttons(QDialogButtonBox):
    """Export a PDF or pictures, stop, close.

    Attributes
    ----------
    pdf, folder, stop, close_button
        The buttons; all but the last one wait until there is something to export or to stop.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pdf = QPushButton("Export PDF...")
        self.pdf.setProperty("role", "primary")
        self.folder = QPushButton("Export pictures...")
        self.folder.setToolTip("Pages as PNG, figures as SVG, tables as CSV.")
        self.stop = QPushButton("Stop")
        self.close_button = self.addButton(QDialogButtonBox.StandardButton.Close)
        for button in (self.pdf, self.folder, self.stop):
            self.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
            button.setEnabled(False)
        self.pdf.setDefault(True)
