"""The recipe for JUnit 5, compiled and run with Debian's packages."""

import subprocess
from pathlib import Path

from recipes import project, run

PARTS = ["junit-jupiter-*", "junit-platform-*", "opentest4j*", "apiguardian-api*", "picocli*", "univocity-parsers*"]
jars = {str(jar) for part in PARTS for jar in Path("/usr/share/java").glob(f"{part}.jar")}
classpath = ":".join(["."] + sorted(jars))
folder = project("EmulatedImsTest.java")
subprocess.run(["javac", "-cp", classpath, "EmulatedImsTest.java"], cwd=folder, check=True)
console = "org.junit.platform.console.ConsoleLauncher"
run(folder, "java", "-cp", classpath, console, "--disable-banner", "--select-class", "EmulatedImsTest")
