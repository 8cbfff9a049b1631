"""A function called in a child process, which hostile pages may break without breaking ours."""

from __future__ import annotations

from curation.extract.sandbox.sandbox import (
    Failure,
    Sandbox,
    SandboxConfig,
    SandboxError,
    take_cpu_s,
)

__all__ = ["Failure", "Sandbox", "SandboxConfig", "SandboxError", "take_cpu_s"]
