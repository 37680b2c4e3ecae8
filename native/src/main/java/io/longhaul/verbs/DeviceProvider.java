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

import java.util.List;

/// Finds and opens the devices of one kind. A provider is made with the configuration of its devices.
///
/// Making a provider and asking it never throws: what is missing is told by [#availability()].
public interface DeviceProvider {

    /// The kind of device, one word: `soft`, `ibv`.
    String kind();

    /// Whether devices of this kind can be opened here, and if not, why.
    Availability availability();

    /// The names that [#open] accepts, best first; empty when nothing is available.
    List<String> deviceNames();

    /// Opens a device.
    ///
    /// @param deviceName one of [#deviceNames()]
    /// @throws DeviceException when the device cannot be opened
    RdmaDevice open(String deviceName);

    /// Whether something can be used.
    ///
    /// @param available true when it can
    /// @param reason one sentence for people: what is missing and what would help; empty when available
    record Availability(boolean available, String reason) {
        /// The answer of a provider that has what it needs.
        public static final Availability AVAILABLE = new Availability(true, "");

        /// Says why something cannot be used.
        public static Availability unavailable(String reason) {
            return new Availability(false, reason);
        }
    }
}
