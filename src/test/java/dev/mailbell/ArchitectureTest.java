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
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.schedule.TimerQueue;

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
                    .layer("ui")
                    .definedBy("dev.mailbell.ui..", "dev.mailbell.templates..")
                    .layer("api")
                    .definedBy("dev.mailbell.api..")
                    .optionalLayer("routing")
                    .definedBy("dev.mailbell.routing..")
                    .layer("status")
                    .definedBy("dev.mailbell.status..")
                    .layer("health")
                    .definedBy("dev.mailbell.health..")
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
                    .whereLayer("ui")
                    .mayOnlyBeAccessedByLayers("Daemon")
                    .whereLayer("api")
                    .mayOnlyBeAccessedByLayers("cli", "Daemon", "ui")
                    .whereLayer("routing")
                    .mayOnlyBeAccessedByLayers("Daemon", "ui", "api")
                    .whereLayer("health")
                    .mayOnlyBeAccessedByLayers("Daemon")
                    .whereLayer("cluster")
                    .mayOnlyBeAccessedByLayers(
                            "cli", "Daemon", "ui", "api", "routing", "health", "watch", "delivery")
                    .whereLayer("status")
                    .mayOnlyBeAccessedByLayers("Daemon", "ui", "api", "routing")
                    .whereLayer("watch")
                    .mayOnlyBeAccessedByLayers("Daemon", "ui", "api", "routing", "status")
                    .whereLayer("delivery")
                    .mayOnlyBeAccessedByLayers("Daemon", "ui", "api", "routing", "health", "watch")
                    .whereLayer("records")
                    .mayOnlyBeAccessedByLayers(
                            "cli", "Daemon", "ui", "api", "routing", "health", "watch", "delivery")
                    .whereLayer("mail")
                    .mayOnlyBeAccessedByLayers(
                            "cli",
                            "simulation",
                            "Daemon",
                            "ui",
                            "api",
                            "routing",
                            "health",
                            "watch",
                            "records",
                            "status");

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

    /** Here, because the classes are read once. */
    @ArchTest
    static final ArchRule only_the_schedule_of_checks_sets_or_clears_a_timer =
            noClasses()
                    .that()
                    .doNotBelongToAnyOf(CheckSchedule.class, TimerQueue.class)
                    .should()
                    .callMethod(TimerQueue.class, "schedule", TimerQueue.Timer.class, long.class)
                    .orShould()
                    .callMethod(TimerQueue.class, "cancel", TimerQueue.Timer.class)
                    .orShould()
                    .callMethod(TimerQueue.class, "take");
}
