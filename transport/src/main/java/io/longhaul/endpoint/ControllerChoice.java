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
package io.longhaul.endpoint;

import io.longhaul.ConfigurationException;
import io.longhaul.LonghaulConfig;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.catalog.ControllerCatalog;

/// Finds the congestion controller that a configuration names.
final class ControllerChoice {
    private ControllerChoice() {}

    /// The factory of that name: one of the configuration's own, or one that is built in.
    static CongestionControllerFactory find(LonghaulConfig config) {
        final String name = config.congestionController();
        for (final CongestionControllerFactory factory : config.congestionFactories()) {
            if (factory.name().equals(name)) {
                return factory;
            }
        }
        try {
            return ControllerCatalog.find(name, 0);
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException("congestionController=" + e.getMessage());
        }
    }
}
