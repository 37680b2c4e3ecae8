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
package io.longhaul.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How much processor time others took from this machine meanwhile: what all processes used, less this one and the
/// programs that it ran and that have ended.
final class Bystanders {
    private static final double TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux of today

    private final long all = ticksOfAll();
    private final long own = ownTicks();
    private final long began = System.nanoTime();

    /// Processors that were busy with others since this was made, on average.
    double processors() {
        double seconds = (System.nanoTime() - began) / 1e9;
        double others = (ticksOfAll() - all - (ownTicks() - own)) / TICKS_PER_SECOND;
        return Math.max(0, others / seconds);
    }

    // User, nice and system; interrupts belong to nobody.
    private static long ticksOfAll() {
        String[] words = read("/proc/stat").lines().findFirst().orElse("").split(" +", -1);
        return sum(words, 1, 3);
    }

    // After the name, which may hold anything: state, ... utime, stime, and those of children that have ended.
    private static long ownTicks() {
        String stat = read("/proc/self/stat");
        return sum(stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1), 11, 14);
    }

    private static long sum(String[] words, int first, int last) {
        long result = 0;
        for (int i = first; i <= Math.min(last, words.length - 1); i++) {
            result += Long.parseLong(words[i]);
        }
        return result;
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            return "";
        }
    }
}
