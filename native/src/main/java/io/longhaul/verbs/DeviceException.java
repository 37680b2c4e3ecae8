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
import java.io.Serializable;

/// A device refused a call. On the data path it is thrown only when there is no completion to tell it: the device is
/// gone,
/// or a work request is malformed.
public final class DeviceException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 2L;

    /// What went wrong.
    private final Failure failure;

    /// What went wrong, where, and what to do. Parts that do not apply are empty or 0.
    ///
    /// @param verb the call that failed, for example `bind` or `ibv_reg_mr`
    /// @param errorName the name of the error: of an `errno`, for example `EADDRINUSE`, or of a completion status
    /// @param vendorError the device's own number for the error
    /// @param device the name of the device
    /// @param port the number of its port, from 1
    /// @param remedy what would help
    public record Failure(String verb, String errorName, int vendorError, String device, int port, String remedy)
            implements Serializable {

        /// A failure of a device, with an error of its own.
        public static Failure of(String verb, String errorName) {
            return new Failure(verb, errorName, 0, "", 0, "");
        }

        /// The same at a device and port.
        public Failure at(String newDevice, int newPort) {
            return new Failure(verb, errorName, vendorError, newDevice, newPort, remedy);
        }

        /// The same with the device's own number for the error.
        public Failure withVendorError(int newVendorError) {
            return new Failure(verb, errorName, newVendorError, device, port, remedy);
        }

        /// The same with what would help.
        public Failure withRemedy(String newRemedy) {
            return new Failure(verb, errorName, vendorError, device, port, newRemedy);
        }

        private String message(String arguments) {
            StringBuilder text =
                    new StringBuilder(verb).append('(').append(arguments).append(')');
            if (!device.isEmpty()) {
                text.append(" on ").append(device);
            }
            if (port != 0) {
                text.append(" port ").append(port);
            }
            text.append(" failed");
            if (!errorName.isEmpty()) {
                text.append(": ").append(errorName);
            }
            if (vendorError != 0) {
                text.append(", vendor error 0x").append(Integer.toHexString(vendorError));
            }
            if (!remedy.isEmpty()) {
                text.append("; ").append(remedy);
            }
            return text.toString();
        }
    }

    /// Makes an exception with a message of its own.
    ///
    /// @param function the call that failed
    /// @param errorName the name of the error, empty when there is none
    /// @param message what was tried, the values with units, and what to do
    public DeviceException(String function, String errorName, String message) {
        super(message);
        failure = Failure.of(function, errorName);
    }

    /// Makes an exception whose message is `verb(arguments) on DEVICE port N failed: errorName; remedy`.
    ///
    /// @param arguments what was tried: the values with units
    public DeviceException(Failure failure, String arguments) {
        super(failure.message(arguments));
        this.failure = failure;
    }

    /// All parts.
    public Failure failure() {
        return failure;
    }

    /// The call that failed.
    public String function() {
        return failure.verb();
    }

    /// The name of the error as in `errno.h`, or empty.
    public String errorName() {
        return failure.errorName();
    }

    /// The device's own number for the error, or 0.
    public int vendorError() {
        return failure.vendorError();
    }

    /// The name of the device, or empty.
    public String device() {
        return failure.device();
    }

    /// The number of the port, or 0.
    public int port() {
        return failure.port();
    }

    /// What would help, or empty.
    public String remedy() {
        return failure.remedy();
    }
}
