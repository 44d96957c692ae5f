"""The recipe for node:test."""

from recipes import project, run

run(project("token.test.mjs"), "node", "--test")
