package io.longhaul.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// Says who runs the tests: the launcher, because they need the sources and Maven.
@Command(
        name = "test",
        mixinStandardHelpOptions = true,
        description = "Test everything that the project tests on this machine; the launcher of a source tree does it.")
final class TestCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        throw CommandFailure.usage(
                "the tests are run by the launcher of a source tree: ./longhaul test; they need the sources and Maven");
    }
}
