/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package io.longhaul.cli;

import io.longhaul.LonghaulException;
import io.longhaul.cli.control.RefusalException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/// Turns whatever a command throws into one line and an exit status.
final class Failures {
    private Failures() {}

    /// True when the environment asks for stack traces.
    static boolean isDebugging() {
        final String value = System.getenv("LONGHAUL_DEBUG");
        return value != null && !value.isEmpty() && !value.equals("0");
    }

    /// Reports a failure of a command that was parsed.
    static int report(Throwable failure, ParseResult parsed, CommandLine command) {
        final Throwable cause = unwrap(failure);
        final int status = cause instanceof CommandFailure known ? known.status() : ExitStatus.FAILED;
        print(textOf(cause), status, command, has(parsed, "--json"));
        if (has(parsed, "--verbose") || isDebugging()) {
            cause.printStackTrace(System.err);
        }
        return status;
    }

    /// Reports bad usage.
    static int usage(String text, CommandLine command, boolean json) {
        print(text, ExitStatus.USAGE, command, json);
        return ExitStatus.USAGE;
    }

    private static void print(String text, int status, CommandLine command, boolean json) {
        final PrintStream err = System.err;
        err.println(command.getCommandSpec().qualifiedName() + ": " + text);
        if (json) {
            final PrintStream out = System.out;
            out.println(new Json().put("error", text).put("exit_status", status));
            out.flush();
        }
    }

    private static boolean has(ParseResult parsed, String option) {
        ParseResult last = parsed;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        return last.hasMatchedOption(option);
    }

    private static Throwable unwrap(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    /// One line: what happened, without the name of a class where the message says it.
    static String textOf(Throwable cause) {
        final String message = oneLine(Objects.requireNonNullElse(cause.getMessage(), ""));
        return switch (cause) {
            case CommandFailure _, LonghaulException _, RefusalException _ -> message;
            case IOException _ -> message.isEmpty() ? cause.getClass().getSimpleName() : message;
            case InterruptedException _ -> "interrupted";
            case OutOfMemoryError _ -> "out of memory (" + message + "); lower --max-memory";
            default ->
                "internal error: " + cause.getClass().getSimpleName() + (message.isEmpty() ? "" : ": " + message)
                        + "; run it again with --verbose and report what it prints";
        };
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s*\\R\\s*", " ").strip();
    }
}
