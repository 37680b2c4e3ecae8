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

import java.util.Locale;
import java.util.Optional;

/// Whether libraries of others are there: a class, and the native code for this processor.
final class Natives {
    private Natives() {}

    /// Why something cannot run here; empty when it can.
    ///
    /// @param className of the library
    /// @param libraries native ones that must be on the class path for this processor, without processor and ending
    static Optional<String> missing(String className, String... libraries) {
        try {
            Class.forName(className, false, Natives.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            return Optional.of(
                    "its library could not be fetched; let Maven reach Maven Central, and build once more: rm"
                            + " target/launcher/bench.stamp");
        }
        String processor = processor();
        for (String each : libraries) {
            String resource = "META-INF/native/lib" + each + processor + ".so";
            if (Natives.class.getClassLoader().getResource(resource) == null) {
                return Optional.of("its native library is there for x86_64 only, and this machine is " + processor
                        + "; change the classifier in bench/pom.xml");
            }
        }
        return Optional.empty();
    }

    private static String processor() {
        String name = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        return name.equals("amd64") ? "x86_64" : name.equals("aarch64") ? "aarch_64" : name;
    }
}
