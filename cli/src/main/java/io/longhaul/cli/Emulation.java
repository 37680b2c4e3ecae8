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

import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.quantity.Fraction;
import io.longhaul.cli.quantity.QuantityException;
import io.longhaul.cli.quantity.TimeSpan;
import io.longhaul.verbs.soft.WireConfig;
import java.util.HashSet;
import java.util.Set;

/// A long link that is pretended in front of the software device, for what this side sends:
/// `rate=2gbit,delay=10ms,loss=0.1%`.
///
/// @param wire what the link does
record Emulation(WireConfig wire) {
    static final String HELP = "Pretend a long link for what this side sends, on the software device only: a list of"
            + " rate=2gbit, delay=10ms (one way), loss=0.1%%, burst=8 (mean packets of a loss), jitter=1ms,"
            + " reorder=1%%:2ms, duplicate=0.1%%, corrupt=0.01%%, queue=1MiB, ecn=256KiB, mtu=1500, seed=1."
            + " Give it on both sides.";

    private static final String EXAMPLES = "rate=2gbit,delay=10ms,loss=0.1%";

    /// Parses the option.
    ///
    /// @throws QuantityException when something is unknown, given twice or out of range
    static Emulation parse(String text) {
        final Settings settings = new Settings();
        final Set<String> seen = new HashSet<>();
        for (String each : text.split(",", -1)) {
            final int equals = each.indexOf('=');
            if (equals < 1) {
                throw new QuantityException(text, "has '" + each + "' where NAME=VALUE is needed", EXAMPLES);
            }
            final String name = each.substring(0, equals);
            if (!seen.add(name)) {
                throw new QuantityException(text, "has " + name + " twice", EXAMPLES);
            }
            if (!settings.set(name, each.substring(equals + 1))) {
                throw new QuantityException(text, "has the unknown part '" + name + "'", EXAMPLES);
            }
        }
        try {
            return new Emulation(settings.build());
        } catch (IllegalArgumentException e) {
            throw new QuantityException(text, "does not fit together (" + e.getMessage() + ")", EXAMPLES);
        }
    }

    /// The link of a fibre.
    ///
    /// @param oneWayNanos propagation
    static Emulation of(long oneWayNanos, long rateBitsPerSecond, double lossFraction, long seed) {
        return new Emulation(WireConfig.builder()
                .delay(java.time.Duration.ofNanos(oneWayNanos))
                .rateBitsPerSecond(rateBitsPerSecond)
                .lossFraction(lossFraction)
                .seed(seed)
                .build());
    }

    private static final class Settings {
        private final WireConfig.Builder builder = WireConfig.builder();
        private double loss;
        private double burst;

        boolean set(String name, String value) {
            switch (name) {
                case "rate" -> builder.rateBitsPerSecond(BitRate.parse(value).bitsPerSecond());
                case "delay" -> builder.delay(TimeSpan.parse(value).toDuration());
                case "jitter" -> builder.jitter(TimeSpan.parse(value).toDuration());
                case "loss" -> loss = Fraction.parse(value).value();
                case "burst" -> burst = number(value, 1, 1_000_000);
                case "duplicate" ->
                    builder.duplicateFraction(Fraction.parse(value).value());
                case "corrupt" -> builder.corruptFraction(Fraction.parse(value).value());
                case "queue" -> builder.queueBytes(ByteSize.parse(value).bytes());
                case "ecn" -> builder.ecnThresholdBytes(ByteSize.parse(value).bytes());
                case "mtu" -> builder.mtuBytes((int) number(value, 576, 65_535));
                case "seed" -> builder.seed(number(value, 0, Long.MAX_VALUE));
                case "reorder" -> reorder(value);
                default -> {
                    return false;
                }
            }
            return true;
        }

        private void reorder(String value) {
            final int colon = value.indexOf(':');
            if (colon < 0) {
                throw new QuantityException(value, "has no delay for reorder", "reorder=1%:2ms");
            }
            builder.reorder(
                    Fraction.parse(value.substring(0, colon)).value(),
                    TimeSpan.parse(value.substring(colon + 1)).toDuration());
        }

        private static long number(String value, long least, long most) {
            if (!value.matches("[0-9]{1,19}")) {
                throw new QuantityException(value, "is not a whole number", String.valueOf(least));
            }
            final java.math.BigInteger number = new java.math.BigInteger(value);
            if (number.compareTo(java.math.BigInteger.valueOf(most)) > 0
                    || number.compareTo(java.math.BigInteger.valueOf(least)) < 0) {
                throw new QuantityException(value, "is not in " + least + ".." + most, String.valueOf(least));
            }
            return number.longValueExact();
        }

        WireConfig build() {
            if (burst > 1 && loss > 0) {
                builder.burst(WireConfig.GilbertElliott.of(loss, burst));
            } else {
                builder.lossFraction(loss);
            }
            return builder.build();
        }
    }
}
