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

import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.catalog.ControllerCatalog;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Checks of the settings of a {@link LonghaulConfig}.
final class ConfigRanges {
    private ConfigRanges() {}

    /// Checks a number of bytes against the memory of a connection.
    static void atMostMemory(String name, long value, long maxMemoryBytes) {
        check(
                value >= 4096 && value <= maxMemoryBytes,
                name,
                value,
                "4096..maxMemoryBytes=" + maxMemoryBytes + "; raise maxMemoryBytes or lower " + name);
    }

    /// Checks a number of bytes against another setting.
    static void atMost(String name, long value, String mostName, long most) {
        check(value <= most, name, value, "at most " + mostName + "=" + most);
    }

    /// Checks that a value is a power of two up to 2^24.
    static void powerOfTwo(String name, int value, int least) {
        check(
                Integer.bitCount(value) == 1 && value >= least && value <= 1 << 24,
                name,
                value,
                "a power of two, " + least + "..16777216");
    }

    /// Checks that a time is above zero and at most a year.
    static void positive(String name, Duration value) {
        check(!value.isNegative() && !value.isZero(), name, value, "above zero");
        check(value.compareTo(Duration.ofDays(365)) <= 0, name, value, "at most 365 days");
    }

    /// Checks that a value is in a range.
    static void range(String name, int value, int least, int most) {
        check(value >= least && value <= most, name, value, least + ".." + most);
    }

    /// Checks that a controller is known, and has the rate that it needs.
    static void controller(String name, List<CongestionControllerFactory> factories, long rateHintBitsPerSecond) {
        final boolean known = LonghaulConfig.BUILT_IN_CONTROLLERS.contains(name)
                || factories.stream().anyMatch(f -> f.name().equals(name));
        check(
                known,
                "congestionController",
                name,
                String.join(", ", ControllerCatalog.names())
                        + factories.stream().map(f -> ", " + f.name()).reduce("", String::concat));
        check(
                rateHintBitsPerSecond > 0 || !name.equals("reserved"),
                "congestionController",
                name,
                "reserved needs rateHintBitsPerSecond, the rate of the circuit");
    }

    /// Checks that the device has an emulated wire when one is wanted.
    static void wire(@Nullable WireConfig wire, String device) {
        check(
                wire == null || device.equals("auto") || device.startsWith("soft"),
                "wire",
                device,
                "only the software device has an emulated wire; set device=soft");
    }

    /// Checks that a value is in a range, or 0: then it is derived.
    static void zeroOrRange(String name, int value, int least, int most) {
        if (value != 0) {
            range(name, value, least, most);
        }
    }

    /// Checks the times after which an idle connection is probed, and lost.
    static void idleTimes(Duration keepAlive, Duration idleTimeout) {
        positive("idleTimeout", idleTimeout);
        positive("keepAlive", keepAlive);
        check(
                keepAlive.compareTo(idleTimeout.dividedBy(3)) <= 0,
                "keepAlive",
                keepAlive,
                "at most a third of idleTimeout=" + idleTimeout);
    }

    /// Refuses an invalid setting, naming its value and its range.
    static void check(boolean valid, String name, Object value, String range) {
        if (!valid) {
            throw new ConfigurationException(name + "=" + value + " is out of range: " + range);
        }
    }
}
