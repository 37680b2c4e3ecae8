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

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.provider.MethodSource;

/// Frames and sealed packets under Jazzer, which is guided by coverage. One server takes all inputs of a method, as in
/// [PacketFuzzTest]: what an input does depends on those before it.
///
/// A build gives it the corpus only. With JAZZER_FUZZ=1, the method that is named runs 10 million inputs.
class PacketJazzerTest {
    private static final PacketTarget FRAMES = new PacketTarget(false);
    private static final PacketTarget SEALED = new PacketTarget(true);

    @AfterAll
    static void close() {
        FRAMES.close();
        SEALED.close();
    }

    static List<byte[]> someFrames() {
        return some(FRAMES);
    }

    static List<byte[]> someSealed() {
        return some(SEALED);
    }

    // Many of a session are alike.
    private static List<byte[]> some(PacketTarget target) {
        final List<byte[]> recorded = target.recorded();
        return IntStream.range(0, 20)
                .mapToObj(i -> recorded.get(i * (recorded.size() - 1) / 19))
                .toList();
    }

    @MethodSource("someFrames")
    @FuzzTest(maxDuration = "", maxExecutions = 10_000_000)
    void frames(byte[] input) {
        FRAMES.accept(input);
    }

    @MethodSource("someSealed")
    @FuzzTest(maxDuration = "", maxExecutions = 10_000_000)
    void sealed(byte[] input) {
        SEALED.accept(input);
    }
}
