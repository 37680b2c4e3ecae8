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

import io.longhaul.ConfigurationException;
import io.longhaul.qlog.QlogTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The option that switches traces on.
final class TraceOption {
    static final String HELP = "Write a qlog trace: of the first connection to a file, or of all into a directory"
            + " (made when the name ends in /).";

    private TraceOption() {}

    /// What makes the traces; null for none.
    ///
    /// @throws CommandFailure when nothing can be written there
    static @Nullable QlogTarget target(@Nullable String text) {
        final Path path = path(text);
        try {
            return path == null ? null : new QlogTarget(path);
        } catch (ConfigurationException e) {
            throw CommandFailure.failed(String.valueOf(e.getMessage()), e);
        }
    }

    /// Where the traces go; null for none.
    ///
    /// @throws CommandFailure when there is no such place
    static @Nullable Path path(@Nullable String text) {
        if (text == null) {
            return null;
        }
        try {
            final Path path = Path.of(text);
            if (text.endsWith("/")) {
                Files.createDirectories(path);
            }
            return path;
        } catch (InvalidPathException e) {
            throw CommandFailure.usage("Invalid value for option '--qlog': '" + text + "' is no path");
        } catch (IOException e) {
            throw CommandFailure.failed("the directory " + text + " for traces cannot be made: " + e.getMessage(), e);
        }
    }
}
