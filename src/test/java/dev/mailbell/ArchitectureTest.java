package dev.mailbell;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Packages call downwards only; the map is in docs/architecture.md. */
@AnalyzeClasses(packages = "dev.mailbell", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule packages_call_downwards_only =
            layeredArchitecture()
                    .consideringOnlyDependenciesInAnyPackage("dev.mailbell..")
                    .layer("cli")
                    .definedBy("dev.mailbell.cli..")
                    .layer("demo")
                    .definedBy("dev.mailbell.demo..")
                    .layer("simulation")
                    .definedBy("dev.mailbell.simulation..")
                    .layer("Daemon")
                    .definedBy("dev.mailbell")
                    .layer("api")
                    .definedBy("dev.mailbell.api..")
                    .optionalLayer("routing")
                    .definedBy("dev.mailbell.routing..")
                    .layer("watch")
                    .definedBy("dev.mailbell.watch..")
                    .layer("delivery")
                    .definedBy("dev.mailbell.delivery..")
                    .layer("cluster")
                    .definedBy("dev.mailbell.cluster..")
                    .layer("records")
                    .definedBy(
                            "dev.mailbell.account..",
                            "dev.mailbell.oauth..",
                            "dev.mailbell.event..",
                            "dev.mailbell.webhook..",
                            "dev.mailbell.client..")
                    .layer("mail")
                    .definedBy("dev.mailbell.mail..")
                    .whereLayer("cli")
                    .mayNotBeAccessedByAnyLayer()
                    .whereLayer("demo")
                    .mayOnlyBeAccessedByLayers("cli")
                    .whereLayer("simulation")
                    .mayOnlyBeAccessedByLayers("cli")
                    .whereLayer("Daemon")
                    .mayOnlyBeAccessedByLayers("cli")
                    .whereLayer("api")
                    .mayOnlyBeAccessedByLayers("cli", "Daemon")
                    .whereLayer("routing")
                    .mayOnlyBeAccessedByLayers("Daemon", "api")
                    .whereLayer("cluster")
                    .mayOnlyBeAccessedByLayers(
                            "cli", "Daemon", "api", "routing", "watch", "delivery")
                    .whereLayer("watch")
                    .mayOnlyBeAccessedByLayers("Daemon", "api", "routing")
                    .whereLayer("delivery")
                    .mayOnlyBeAccessedByLayers("Daemon", "api", "routing", "watch")
                    .whereLayer("records")
                    .mayOnlyBeAccessedByLayers(
                            "cli", "Daemon", "api", "routing", "watch", "delivery")
                    .whereLayer("mail")
                    .mayOnlyBeAccessedByLayers(
                            "simulation", "Daemon", "api", "routing", "watch", "records");

    @ArchTest
    static final ArchRule detection_imports_nothing_of_ours =
            noClasses()
                    .that()
                    .resideInAPackage("dev.mailbell.detection..")
                    .should()
                    .dependOnClassesThat(
                            resideInAnyPackage("dev.mailbell..")
                                    .and(
                                            com.tngtech.archunit.base.DescribedPredicate.not(
                                                    resideInAnyPackage(
                                                            "dev.mailbell.detection.."))));

    @ArchTest
    static final ArchRule mail_knows_no_sql =
            noClasses()
                    .that()
                    .resideInAnyPackage("dev.mailbell.mail..", "dev.mailbell.detection..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "java.sql..", "javax.sql..", "org.jdbi..", "org.postgresql..");

    @ArchTest
    static final ArchRule the_lowest_packages_know_nothing_above_them =
            classes()
                    .that()
                    .resideInAnyPackage(
                            "dev.mailbell.database..",
                            "dev.mailbell.embedded..",
                            "dev.mailbell.fairness..",
                            "dev.mailbell.config..",
                            "dev.mailbell.network..",
                            "dev.mailbell.secret..")
                    .should()
                    .onlyDependOnClassesThat(
                            com.tngtech.archunit.base.DescribedPredicate.not(
                                            resideInAnyPackage("dev.mailbell.."))
                                    .or(
                                            resideInAnyPackage(
                                                    "dev.mailbell.database..",
                                                    "dev.mailbell.embedded..",
                                                    "dev.mailbell.fairness..",
                                                    "dev.mailbell.fairness..",
                                                    "dev.mailbell.config..",
                                                    "dev.mailbell.network..",
                                                    "dev.mailbell.secret..")));

    @ArchTest
    static final ArchRule no_package_calls_itself_by_a_detour =
            slices().matching("dev.mailbell.(**)").should().beFreeOfCycles();
}
