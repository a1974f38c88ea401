"""The pipeline file: YAML in which every scalar is a text, checked against a closed schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from me_augment.errors import UsageError
from me_augment.yaml_file import YamlError, read_yaml, refuse_reference

_NAME = r"^[A-Za-z][A-Za-z0-9_-]*$"


def _text_or_texts(value: object) -> object:
    texts = value if isinstance(value, list) else [value]
    if any(not isinstance(text, str) for text in texts):
        raise ValueError("give a text, or a list of texts for what may be repeated")
    if any("\0" in str(text) for text in texts):
        raise ValueError("no command takes the character 0")
    return value


_Name = Annotated[str, StringConstraints(pattern=_NAME)]
_Value = Annotated[str | list[str], BeforeValidator(_text_or_texts)]


class Step(BaseModel):
    """One command.

    Attributes:
        name: of its record; unique in the pipeline.
        command: as on the command line, without `me-augment`: `ingest`, `evaluate generation`.
        given: its arguments by their names in lower case, its options by their long names without `--`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name
    command: str
    given: dict[str, _Value] = Field(default_factory=dict, alias="with")


class Pipeline(BaseModel):
    """What a pipeline file says.

    Attributes:
        description: for people.
        variables: name → value; an empty one has to be set.
        folder: where `pipeline.json`, the record of the steps, is kept.
        steps: in the order in which they are carried out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = ""
    variables: dict[_Name, str] = Field(default_factory=dict)
    folder: str
    steps: list[Step] = Field(min_length=1)


def read_pipeline(file: Path) -> Pipeline:
    """Read a pipeline file.

    Raises:
        UsageError: it is not there, is no YAML, or says something that the schema does not know.
    """
    try:
        # Every scalar stays the text that it is: YAML would make 62 of 1:2, and False of off.
        content = read_yaml(file, _TextLoader)
    except FileNotFoundError:
        raise UsageError(f"{file} does not exist: {_named(file)}.") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror or error}): name a pipeline file.") from error
    except YamlError as error:
        raise UsageError(f"{file} is not a pipeline that can be read ({error}): mend it there.") from error
    if not isinstance(content, dict):
        raise UsageError(f"{file} is not a pipeline: it needs `folder:` and `steps:`, see pipelines/README.md.")
    try:
        pipeline = Pipeline.model_validate(content)
    except ValidationError as error:
        raise UsageError(_sentence(file, content, error.errors()[0])) from error
    names = [step.name for step in pipeline.steps]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{file}: two steps are called {twice!r}: give each a name of its own.")
    return pipeline


def _named(file: Path) -> str:
    """How the file is named that was meant, perhaps: recipes have no bare names, since they are anybody's files."""
    name = f"{file.name.removesuffix('.yaml')}.yaml"
    near = [path for path in (file.with_name(name), Path("pipelines", name)) if path.is_file()]
    return f"did you mean {near[0]}" if near else "name a pipeline file by its path, such as pipelines/demo.yaml"


class _TextLoader(yaml.BaseLoader):
    """Builds texts, lists and mappings only; a key given twice and references (`*name`) are mistakes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node unless it is a reference."""
        refuse_reference(self)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse what YAML libraries pass over: the first of two equal keys would be lost."""
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.YAMLError(f"line {key.start_mark.line + 1}: a key has to be a text")
            if key.value in seen:
                raise yaml.YAMLError(f"line {key.start_mark.line + 1}: {key.value!r} is given twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _sentence(file: Path, content: dict[str, Any], error: ErrorDetails) -> str:
    """The first thing that the schema does not like, with the step's name where it has one."""
    place = list(error["loc"])
    where = str(file)
    known: type[BaseModel] = Pipeline
    if place[:1] == ["steps"] and len(place) > 1:
        number = int(place[1])
        step = content["steps"][number]
        name = step.get("name") if isinstance(step, dict) else None
        where += f": step {name!r}" if isinstance(name, str) else f": step {number + 1}"
        place, known = place[2:], Step
    field = ".".join(str(part) for part in place if part != "[key]")
    keys = ", ".join(info.alias or name for name, info in known.model_fields.items())
    match error["type"]:
        case "missing":
            return f"{where} has no `{field}`: add it."
        case "extra_forbidden":
            return f"{where} has the unknown key `{field}`: known are {keys}."
        case "string_pattern_mismatch":
            return f"{where}: {field}: {error['input']!r} is no name: letters, digits, _ and - only, a letter first."
        case "string_type":
            return f"{where}: {field}: {error['input']!r} is not a text: give one."
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{where}: {field or 'it'} is {error['input']!r}: give a mapping (known keys: {keys})."
        case "list_type" | "too_short":
            return f"{where}: {field} is {error['input']!r}: give a list of steps."
        case _:
            message = error["msg"].removeprefix("Value error, ")
            return f"{where}: {field} is {error['input']!r}: {message}."
