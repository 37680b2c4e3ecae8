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

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The targets of [CommandFuzzTest] under Jazzer, which is guided by coverage.
///
/// A build gives it the corpus only. With JAZZER_FUZZ=1, the method that is named runs 10 million inputs.
class CommandJazzerTest {
    @MethodSource("io.longhaul.cli.CommandFuzzTest#quantityCorpus")
    @FuzzTest(maxDuration = "", maxExecutions = 10_000_000)
    void quantities(byte[] input) {
        CommandFuzzTest.quantities(input);
    }

    @MethodSource("io.longhaul.cli.CommandFuzzTest#scenarioCorpus")
    @FuzzTest(maxDuration = "", maxExecutions = 10_000_000)
    void scenario(byte[] input) {
        CommandFuzzTest.scenario(input);
    }

    @MethodSource("io.longhaul.cli.CommandFuzzTest#traceCorpus")
    @FuzzTest(maxDuration = "", maxExecutions = 10_000_000)
    void trace(byte[] input) {
        CommandFuzzTest.trace(input);
    }

    @MethodSource("io.longhaul.cli.CommandFuzzTest#controlCorpus")
    @FuzzTest(maxDuration = "", maxExecutions = 10_000_000)
    void controlMessage(byte[] input) {
        CommandFuzzTest.controlMessage(input);
    }
}
