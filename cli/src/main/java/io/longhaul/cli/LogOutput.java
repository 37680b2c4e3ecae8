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
