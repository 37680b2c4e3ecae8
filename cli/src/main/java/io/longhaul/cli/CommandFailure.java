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

import org.jspecify.annotations.Nullable;

/// Ends a command with one line for people and an exit status.
final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// Exit status.
    private final int status;

    private CommandFailure(int status, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    /// The command was used wrongly: exit status 2.
    static CommandFailure usage(String message) {
        return new CommandFailure(ExitStatus.USAGE, message, null);
    }

    /// The command failed: exit status 1.
    static CommandFailure failed(String message, @Nullable Throwable cause) {
        return new CommandFailure(ExitStatus.FAILED, message, cause);
    }

    int status() {
        return status;
    }
}
