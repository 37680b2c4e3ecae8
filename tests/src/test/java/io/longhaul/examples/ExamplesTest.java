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
package io.longhaul.examples;

import static io.longhaul.examples.Programs.assertPrints;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The programs of docs/verbs.md on the software device.
@Timeout(60)
class ExamplesTest {
    @Test
    void datagram() {
        assertPrints("a datagram, 11 bytes, from queue pair of the sender", UdSend::main);
    }

    @Test
    void messageOfSeveralPackets() {
        assertPrints("5000 characters, 5001 bytes, immediate 2026", UcSend::main);
    }

    @Test
    void writeWithImmediate() {
        assertPrints("written from afar, immediate 7", UcWrite::main);
    }
}
