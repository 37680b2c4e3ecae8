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
package io.longhaul.fuzz;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Packets and their frames, as a peer could write them that means ill: with a right check sum, or sealed and changed
/// afterwards. The memory that was granted for reading never changes.
@Timeout(600)
class PacketFuzzTest {
    /// Most frames end the connection, and another pair of engines must be made.
    private static final int ENGINES_MADE = 20;

    @Test
    @Tag("fault-16")
    @Tag("fault-37")
    void framesWithARightCheckSumNeverThrow() {
        run("frames", false);
    }

    @Test
    @Tag("fault-16")
    @Tag("fault-35")
    void sealedPacketsThatWereChangedNeverThrowAndEndNothing() {
        run("sealed packets", true);
    }

    private static void run(String name, boolean sealed) {
        try (PacketTarget target = new PacketTarget(sealed)) {
            new Fuzzer(name, target.recorded(), target).run(sealed ? 1 : ENGINES_MADE);
        }
    }
}
