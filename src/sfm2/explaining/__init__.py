"""What can be read off code before a model explains it, and whether the model's words agree with that."""

from sfm2.explaining.agreement import Grounds, reading_of, whole_sentences
from sfm2.explaining.reading import read

__all__ = ["Grounds", "read", "reading_of", "whole_sentences"]
