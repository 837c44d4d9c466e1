from core.training.attack import AttackTraining
from core.training.target import TargetTraining

__all__ = ["AttackTraining", "TargetTraining"]
