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

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.provider.MethodSource;

/// The target of [ApiSequenceFuzzTest] under Jazzer, which is guided by coverage. One pair of endpoints takes all
/// inputs:
/// what an input does depends on those before it.
///
/// A build gives it the corpus only. With JAZZER_FUZZ=1, the method that is named runs 100,000 inputs.
class ApiSequenceJazzerTest {
    private static final ApiTarget TARGET = new ApiTarget();

    @AfterAll
    static void close() throws Exception {
        TARGET.close();
    }

    @MethodSource("io.longhaul.endpoint.ApiTarget#corpus")
    @FuzzTest(maxDuration = "", maxExecutions = 100_000)
    void calls(byte[] input) throws Exception {
        TARGET.accept(input);
    }
}
