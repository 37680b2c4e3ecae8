package io.longhaul.cli;

/// What the command tells the shell.
final class ExitStatus {
    /// Everything was done.
    static final int OK = 0;

    /// It could not be done.
    static final int FAILED = 1;

    /// It was asked for wrongly.
    static final int USAGE = 2;

    private ExitStatus() {}
}
