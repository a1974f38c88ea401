"""The paper's learned generator: region focusing, motion prediction and expression generation as networks."""
