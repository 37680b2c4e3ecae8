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
package io.longhaul.identity;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;

/// The target of [CertificateFuzzTest] under Jazzer, which is guided by coverage.
///
/// A build gives it the corpus only. With JAZZER_FUZZ=1, the method that is named runs 10 million inputs.
class CertificateJazzerTest {
    @TempDir
    Path directory = Path.of("");

    @MethodSource("io.longhaul.identity.CertificateFuzzTest#corpus")
    @FuzzTest(maxDuration = "", maxExecutions = 10_000_000)
    void certificate(byte[] input) throws Exception {
        CertificateFuzzTest.read(directory.resolve("cert.pem"), input);
    }
}
