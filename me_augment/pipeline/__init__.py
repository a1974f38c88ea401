"""Recipes: a file that names some of our commands, checked as a whole and carried out step by step."""
