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
package io.longhaul;

import org.jspecify.annotations.Nullable;

/// Root of all exceptions of Longhaul. The message says what was tried, with which values, and what to do.
public class LonghaulException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// What an operator should do.
    public enum Severity {
        /// The process cannot go on.
        FATAL,
        /// The connection or operation is over; others go on.
        ERROR,
        /// Something was refused; nothing is broken.
        WARN
    }

    /// How grave it is.
    private final Severity severity;

    /// Creates an exception.
    public LonghaulException(Severity severity, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.severity = severity;
    }

    /// How grave it is.
    public Severity severity() {
        return severity;
    }
}
