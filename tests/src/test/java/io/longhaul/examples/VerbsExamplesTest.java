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

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The programs of docs/verbs.md on the kernel's Soft-RoCE.
@Tag("guest")
@Timeout(120)
class VerbsExamplesTest {
    private static final String[] DEVICES = {"rxe_a", "10.77.0.1", "rxe_b", "10.77.0.2"};

    @Test
    void datagram() {
        assertPrints("a datagram, 11 bytes, from queue pair of the sender", UdSend::main, DEVICES);
    }

    @Test
    void unreliableConnection() {
        assertPrints("5000 characters, 5001 bytes, immediate 2026", UcSend::main, DEVICES);
        assertPrints("written from afar, immediate 7", UcWrite::main, DEVICES);
    }

    @Test
    void reliableConnection() {
        assertPrints(String.join(System.lineSeparator(), "one", "two", "three"), RcSend::main, DEVICES);
        assertPrints("there and back", RcWriteAndRead::main, DEVICES);
        assertPrints("it was 40, then 42, and is 100", RcAtomics::main, DEVICES);
    }
}
