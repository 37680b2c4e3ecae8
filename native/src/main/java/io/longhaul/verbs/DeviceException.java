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
package io.longhaul.verbs;

import java.io.Serial;

/// A device refused a lifecycle call. The data path never throws it: there, results are values.
public final class DeviceException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /// The name of the failed call, for example `bind` or `ibv_reg_mr`.
    private final String function;

    /// The name of the error, for example `EADDRINUSE`.
    private final String errorName;

    /// Makes an exception whose message is `function(...) failed: errorName; advice`.
    ///
    /// @param function the call that failed
    /// @param errorName the name of the error, empty when there is none
    /// @param message what was tried, the values with units, and what to do
    public DeviceException(String function, String errorName, String message) {
        super(message);
        this.function = function;
        this.errorName = errorName;
    }

    /// The call that failed.
    public String function() {
        return function;
    }

    /// The name of the error as in `errno.h`, or empty.
    public String errorName() {
        return errorName;
    }
}
