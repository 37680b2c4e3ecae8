package io.longhaul.cli;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Sends what the library logs to standard error: one line each, warnings and worse.
final class LogOutput {
    private static final Logger ROOT = Logger.getLogger("");

    private LogOutput() {}

    /// Takes effect for the whole process.
    static void install(boolean verbose) {
        System.setProperty(
                "java.util.logging.SimpleFormatter.format",
                verbose ? "longhaul: %4$s: %3$s: %5$s%6$s%n" : "longhaul: %4$s: %5$s%n");
        final Level level = verbose ? Level.ALL : Level.WARNING;
        ROOT.setLevel(verbose ? Level.FINE : Level.WARNING);
        for (Handler each : ROOT.getHandlers()) {
            each.setLevel(level);
        }
    }
}
