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
package io.longhaul.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Holds the layers of docs/architecture.md: who may import what, and what no class may be called.
class ArchitectureTest {
    /// A rule over nothing must not pass. Raise it as the project grows.
    private static final int MINIMUM_CLASSES = 10;

    private static final int MAXIMUM_PUBLIC_TYPES = 20;

    private static final String[] JAVA_BASE = {
        "java.io..",
        "java.lang..",
        "java.math..",
        "java.net..",
        "java.nio..",
        "java.security..",
        "java.text..",
        "java.time..",
        "java.util",
        "java.util.concurrent..",
        "java.util.function..",
        "java.util.jar..",
        "java.util.random..",
        "java.util.regex..",
        "java.util.stream..",
        "java.util.zip..",
        "javax.crypto..",
        "javax.net..",
        "javax.security..",
        "org.jspecify.annotations..",
        ""
    };

    private static final JavaClasses ALL = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(new ImportOption.DoNotIncludePackageInfos())
            .importPackages("io.longhaul");

    private static final DescribedPredicate<JavaClass> SANS_IO =
            resideInAnyPackage("io.longhaul.core..", "io.longhaul.congestion..").as("sans-IO code");

    @Test
    void analysesTheWholeProject() {
        assertTrue(ALL.size() >= MINIMUM_CLASSES, "only " + ALL.size() + " classes were found");
    }

    @Test
    void congestionStandsOnJavaBaseAlone() {
        onlyDependsOnJavaBaseAnd("io.longhaul.congestion..");
    }

    @Test
    void verbsStandOnJavaBaseAlone() {
        onlyDependsOnJavaBaseAnd("io.longhaul.isal..", "io.longhaul.verbs..", "io.longhaul.linux..");
    }

    @Test
    void verbsNameNoDevice() {
        noClasses()
                .that()
                .resideInAPackage("io.longhaul.verbs")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.longhaul.verbs.*..")
                .allowEmptyShould(true)
                .check(ALL);
    }

    @Test
    void coreTouchesNeitherDeviceNorNetwork() {
        noClasses()
                .that(SANS_IO)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.longhaul.verbs..",
                        "io.longhaul.linux..",
                        "io.longhaul.isal..",
                        "io.longhaul.endpoint..",
                        "java.net..",
                        "java.nio.channels..",
                        "java.util.logging..")
                .allowEmptyShould(true)
                .check(ALL);
    }

    @Test
    void coreHasNoThreadAndNoLogger() {
        noClasses()
                .that(SANS_IO)
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Thread.class, System.Logger.class, java.util.concurrent.Executor.class)
                .allowEmptyShould(true)
                .check(ALL);
    }

    @Test
    @Tag("fault-47")
    void coreReadsNoClock() {
        noClasses()
                .that(SANS_IO)
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(java.time.Clock.class)
                .allowEmptyShould(true)
                .check(ALL);
    }

    @Test
    void coreDrawsNoRandomNumber() {
        noClasses()
                .that(SANS_IO)
                .should()
                .dependOnClassesThat()
                .areAssignableTo(Random.class)
                .orShould()
                .callMethod(Math.class, "random")
                .orShould()
                .callMethod(java.util.UUID.class, "randomUUID")
                .orShould()
                .callConstructor(java.util.SplittableRandom.class)
                .allowEmptyShould(true)
                .check(ALL);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.longhaul.(**)")
                .should()
                .beFreeOfCycles()
                .allowEmptyShould(true)
                .check(ALL);
    }

    @Test
    void everyPackageIsNullMarked() {
        JavaClasses withPackageInfos = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.longhaul");
        List<String> unmarked = new ArrayList<>();
        for (JavaPackage each : withPackageInfos.getPackage("io.longhaul").getSubpackagesInTree()) {
            if (!each.getClasses().isEmpty() && !isWritten(each)) {
                unmarked.add(each.getName());
            }
        }
        assertTrue(unmarked.isEmpty(), "no @NullMarked in the package-info.java of " + unmarked);
    }

    /// Benchmarks bring packages of generated code, which nobody marks.
    private static boolean isWritten(JavaPackage each) {
        return each.getName().endsWith("jmh_generated") || each.isAnnotatedWith(NullMarked.class);
    }

    @Test
    void namesSayWhatAClassDoes() {
        classes()
                .should()
                .haveNameNotMatching(".*(Manager|Helper|Utils?|Impl)(\\$.*)?")
                .because("such a name fits every class")
                .check(ALL);
    }

    @Test
    void packagesStaySmall() {
        Map<String, Integer> publicTypes = new TreeMap<>();
        for (JavaClass each : ALL) {
            if (each.isTopLevelClass()
                    && each.getModifiers().contains(com.tngtech.archunit.core.domain.JavaModifier.PUBLIC)) {
                publicTypes.merge(each.getPackageName(), 1, Integer::sum);
            }
        }
        publicTypes.values().removeIf(count -> count <= MAXIMUM_PUBLIC_TYPES);
        assertTrue(publicTypes.isEmpty(), "more than " + MAXIMUM_PUBLIC_TYPES + " public types in " + publicTypes);
    }

    private static void onlyDependsOnJavaBaseAnd(String... packages) {
        List<String> allowed = new ArrayList<>(List.of(JAVA_BASE));
        allowed.addAll(List.of(packages));
        noClasses()
                .that()
                .resideInAnyPackage(packages)
                .should()
                .dependOnClassesThat(not(resideInAnyPackage(allowed.toArray(String[]::new))))
                .allowEmptyShould(true)
                .check(ALL);
    }
}
