package dev.mailbell.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The manifests fit the API of Kubernetes, each other, the image and the configuration that the
 * daemon reads.
 */
class KubernetesManifestsTest {
    private static final Path DIRECTORY = Path.of("packaging/kubernetes");
    private static final YAMLMapper YAML = new YAMLMapper();

    private static final String POD_IP = "192.0.2.7";

    /** By the name of their file. */
    private static final Map<String, JsonNode> MANIFESTS = new TreeMap<>();

    @TempDir private Path directory;

    @BeforeAll
    static void read() throws IOException {
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            for (Path file : files.toList()) {
                MANIFESTS.put(file.getFileName().toString(), YAML.readTree(file.toFile()));
            }
        }
    }

    private static JsonNode of(String kind) {
        return MANIFESTS.values().stream()
                .filter(manifest -> manifest.path("kind").stringValue().equals(kind))
                .findFirst()
                .orElseThrow();
    }

    private static JsonNode pod() {
        return of("Deployment").path("spec").path("template").path("spec");
    }

    private static JsonNode container() {
        return pod().path("containers").path(0);
    }

    private static Stream<JsonNode> each(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false);
    }

    private static Set<String> names(JsonNode list) {
        return each(list).map(it -> it.path("name").stringValue()).collect(Collectors.toSet());
    }

    @Test
    void all_but_the_example_of_a_secret_are_applied_together() {
        Set<String> applied =
                each(of("Kustomization").path("resources"))
                        .map(JsonNode::stringValue)
                        .collect(Collectors.toCollection(TreeSet::new));
        Set<String> there = new TreeSet<>(MANIFESTS.keySet());
        there.removeAll(Set.of("kustomization.yaml", "secret.example.yaml"));
        assertThat(applied).isEqualTo(there);
    }

    /** Reads a document of one kind, and refuses what the API does not know or requires. */
    @FunctionalInterface
    private interface Kind {
        Object read(String json) throws IOException;
    }

    private static final Map<String, Kind> KINDS =
            Map.of(
                    "ConfigMap", V1ConfigMap::fromJson,
                    "Deployment", V1Deployment::fromJson,
                    "NetworkPolicy", V1NetworkPolicy::fromJson,
                    "PodDisruptionBudget", V1PodDisruptionBudget::fromJson,
                    "Secret", V1Secret::fromJson,
                    "Service", V1Service::fromJson);

    private static Stream<String> ofTheApi() {
        return MANIFESTS.keySet().stream().filter(file -> !file.equals("kustomization.yaml"));
    }

    @ParameterizedTest
    @MethodSource("ofTheApi")
    void each_has_the_fields_and_types_of_the_api(String file) throws IOException {
        JsonNode manifest = Objects.requireNonNull(MANIFESTS.get(file));
        String name = manifest.path("kind").stringValue();
        Kind kind = Objects.requireNonNull(KINDS.get(name), () -> "a reader for " + name);
        assertThat(kind.read(manifest.toString())).isNotNull();
        ObjectNode unknown = manifest.deepCopy().asObject();
        unknown.withObject("metadata").put("lables", "misspelt");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> kind.read(unknown.toString()))
                .withMessageContaining("lables");
    }

    @Test
    void all_select_the_same_pods() {
        JsonNode labels =
                of("Deployment").path("spec").path("template").path("metadata").path("labels");
        assertThat(labels.isEmpty()).isFalse();
        assertThat(of("Deployment").at("/spec/selector/matchLabels")).isEqualTo(labels);
        assertThat(of("Service").at("/spec/selector")).isEqualTo(labels);
        assertThat(of("PodDisruptionBudget").at("/spec/selector/matchLabels")).isEqualTo(labels);
        assertThat(of("NetworkPolicy").at("/spec/podSelector/matchLabels")).isEqualTo(labels);
        assertThat(pod().at("/topologySpreadConstraints/0/labelSelector/matchLabels"))
                .isEqualTo(labels);
    }

    @Test
    void the_ports_are_those_that_the_daemon_listens_on() throws IOException {
        Configuration configuration = configuration();
        Map<String, Integer> ports = new HashMap<>();
        each(container().path("ports"))
                .forEach(port ->
                        ports.put(
                                port.path("name").stringValue(),
                                port.path("containerPort").intValue()));
        assertThat(ports)
                .isEqualTo(
                        Map.of(
                                "api", configuration.http().port(),
                                "metrics", configuration.metricsPort()));
        assertThat(ports).containsKey(of("Service").at("/spec/ports/0/targetPort").stringValue());
        each(of("NetworkPolicy").at("/spec/ingress"))
                .flatMap(rule -> each(rule.path("ports")))
                .forEach(port -> assertThat(ports).containsKey(port.path("port").stringValue()));
        for (String probe : Set.of("startupProbe", "livenessProbe", "readinessProbe")) {
            JsonNode get = container().path(probe).path("httpGet");
            assertThat(get.path("port").stringValue()).as(probe).isEqualTo("metrics");
            assertThat(get.path("path").stringValue())
                    .isEqualTo(probe.equals("readinessProbe") ? "/readyz" : "/healthz");
        }
    }

    @Test
    void the_daemon_takes_the_configuration() throws IOException {
        Configuration configuration = configuration();
        assertThat(configuration.database().embedded()).isFalse();
        assertThat(configuration.cluster().address()).isEqualTo("http://" + POD_IP + ":2177");
        assertThat(configuration.cluster().nodeName()).isEqualTo("mailbell-0");
        Set<String> mounted =
                each(container().path("volumeMounts"))
                        .map(mount -> mount.path("mountPath").stringValue())
                        .collect(Collectors.toSet());
        assertThat(mounted).contains(configuration.dataDir().toString(), "/etc/mailbell", "/tmp");
        assertThat(names(container().path("volumeMounts"))).isEqualTo(names(pod().path("volumes")));
    }

    /** As the daemon reads it in a pod. */
    private Configuration configuration() throws IOException {
        JsonNode secret = of("Secret").path("stringData");
        Map<String, String> environment = new HashMap<>();
        for (JsonNode variable : container().path("env")) {
            String name = variable.path("name").stringValue();
            JsonNode from = variable.path("valueFrom");
            String key = from.at("/secretKeyRef/key").asString("");
            if (!key.isEmpty()) {
                assertThat(from.at("/secretKeyRef/name"))
                        .isEqualTo(of("Secret").at("/metadata/name"));
                assertThat(secret.has(key)).as(key).isTrue();
                environment.put(name, secret.path(key).stringValue());
            } else if (from.at("/fieldRef/fieldPath").asString("").equals("metadata.name")) {
                environment.put(name, "mailbell-0");
            } else if (variable.has("value")) {
                environment.put(
                        name, variable.path("value").stringValue().replace("$(POD_IP)", POD_IP));
            }
        }
        // The file is under the image's /etc/mailbell.
        JsonNode data = of("ConfigMap").path("data");
        assertThat(data.propertyNames()).containsExactly("mailbell.yaml");
        Path file =
                Files.writeString(
                        directory.resolve("mailbell.yaml"),
                        data.path("mailbell.yaml").stringValue());
        environment.remove("MAILBELL_ADMIN_KEY");
        environment.remove("MAILBELL_KEYSET");
        return new ConfigurationLoader(directory, environment).load(file);
    }

    @Test
    void a_pod_may_do_nothing_that_it_does_not_need() throws IOException {
        assertThat(pod().at("/securityContext/runAsNonRoot").booleanValue()).isTrue();
        assertThat(Files.readString(Path.of("Dockerfile")))
                .contains("USER " + pod().at("/securityContext/runAsUser").intValue() + ":");
        JsonNode context = container().path("securityContext");
        assertThat(context.path("readOnlyRootFilesystem").booleanValue()).isTrue();
        assertThat(context.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
        assertThat(context.at("/capabilities/drop/0").stringValue()).isEqualTo("ALL");
        assertThat(pod().path("automountServiceAccountToken").asBoolean(true)).isFalse();
        // The daemon breaks its stop off after 50 s.
        assertThat(pod().path("terminationGracePeriodSeconds").intValue())
                .isGreaterThanOrEqualTo(60);
    }
}
