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
package io.longhaul.congestion.catalog;

import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.congestion.cubic.CubicFactory;
import io.longhaul.congestion.delay.DelayFactory;
import io.longhaul.congestion.reserved.ReservedFactory;
import io.longhaul.congestion.scavenger.ScavengerFactory;
import java.util.List;

/// The congestion controllers that are built in.
public final class ControllerCatalog {
    private static final List<String> NAMES =
            List.of(BbrFactory.NAME, ReservedFactory.NAME, CubicFactory.NAME, DelayFactory.NAME, ScavengerFactory.NAME);

    private ControllerCatalog() {}

    /// Names of all controllers, the default first.
    public static List<String> names() {
        return NAMES;
    }

    /// The factory of a controller.
    ///
    /// @param seed of the controllers that draw; what they draw needs no secrecy
    /// @throws IllegalArgumentException when there is no controller of that name; the message names those there are
    public static CongestionControllerFactory find(String name, long seed) {
        return switch (name) {
            case BbrFactory.NAME -> new BbrFactory(seed);
            case ReservedFactory.NAME -> new ReservedFactory();
            case CubicFactory.NAME -> new CubicFactory();
            case DelayFactory.NAME -> new DelayFactory();
            case ScavengerFactory.NAME -> new ScavengerFactory();
            default -> throw new IllegalArgumentException(name + " is unknown: " + String.join(", ", NAMES));
        };
    }
}
