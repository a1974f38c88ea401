"""The three modules of the paper and the generators composed from them."""

from me_augment.generation.generator import Animation, Generator, GeneratorChoice, Rendition, create_generator

__all__ = ["Animation", "Generator", "GeneratorChoice", "Rendition", "create_generator"]
