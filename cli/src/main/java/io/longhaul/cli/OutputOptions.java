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
