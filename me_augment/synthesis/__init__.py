"""Plan → jobs → shards: planning, execution, resume."""
