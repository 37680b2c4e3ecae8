package io.longhaul.cli;

import java.io.PrintStream;
import picocli.CommandLine.Option;

/// How a command speaks: results on standard output, everything else on standard error.
final class OutputOptions {
    @Option(names = "--json", description = "Print one JSON object on standard output and nothing else there.")
    boolean json;

    @Option(
            names = "--verbose",
            description = "Show stack traces and what the library logs (also: environment variable LONGHAUL_DEBUG=1).")
    boolean verbose;

    private final PrintStream out = System.out;
    private final PrintStream err = System.err;

    /// A line for people, on standard error.
    void say(String text) {
        err.println(text);
    }

    /// A line of the result for people; with --json it goes nowhere.
    void line(String text) {
        if (!json) {
            out.println(text);
        }
    }

    /// The result for programs; without --json it goes nowhere.
    void result(Json object) {
        if (json) {
            out.println(object);
        }
        flush();
    }

    /// Makes sure that the result was taken.
    void flush() {
        out.flush();
        if (out.checkError()) {
            throw CommandFailure.failed("standard output cannot be written; is it closed, or its disk full?", null);
        }
    }
}
