package dev.mailbell.ui.cluster;

import dev.mailbell.client.Scope;
import dev.mailbell.config.ConfigurationEntry;
import dev.mailbell.config.parsing.ConfigurationException;
import dev.mailbell.config.parsing.ConfigurationFault;
import dev.mailbell.config.reload.LiveConfiguration;
import dev.mailbell.routing.ConfigurationReloads;
import dev.mailbell.routing.ConfigurationReloads.Other;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The page of the configuration in effect, where each value comes from, and its reload. */
public final class ConfigurationPages {
    private static final String PATH = "/ui/configuration";
    private static final String GENERAL = "general";
    private static final int REFUSED = 422;

    private final LiveConfiguration configuration;
    private final Supplier<ConfigurationReloads.Result> reload;

    /**
     * @param reload has all nodes read their configurations again
     */
    public ConfigurationPages(
            LiveConfiguration configuration, Supplier<ConfigurationReloads.Result> reload) {
        this.configuration = configuration;
        this.reload = reload;
    }

    public void addTo(Pages pages) {
        pages.entry("Configuration", PATH, Scope.ADMIN);
        pages.get(PATH, Scope.ADMIN, this::show);
        pages.post(PATH + "/reload", Scope.ADMIN, this::reload);
    }

    private void show(PageRequest request) {
        show(request, 200, configuration.faults());
    }

    private void show(PageRequest request, int status, List<ConfigurationFault> faults) {
        boolean all = request.query("all").isPresent();
        List<ConfigurationEntry> entries = configuration.entries();
        Map<String, List<ConfigurationEntry>> sections = new LinkedHashMap<>();
        sections.put(GENERAL, new ArrayList<>());
        for (ConfigurationEntry entry : entries) {
            if (all || entry.source() != null || entry.changesAtStart()) {
                int dot = entry.key().indexOf('.');
                String name = dot < 0 ? GENERAL : entry.key().substring(0, dot);
                sections.computeIfAbsent(name, any -> new ArrayList<>()).add(entry);
            }
        }
        request.show(
                status,
                "cluster/configuration",
                "Configuration",
                new ConfigurationView(
                        sections.entrySet().stream()
                                .filter(section -> !section.getValue().isEmpty())
                                .map(section ->
                                        new ConfigurationView.Section(
                                                section.getKey(), section.getValue()))
                                .toList(),
                        faults.stream().map(ConfigurationFault::text).toList(),
                        !all,
                        (int) entries.stream().filter(entry -> entry.source() != null).count(),
                        entries.size()));
    }

    private void reload(PageRequest request) {
        ConfigurationReloads.Result result;
        try {
            result = reload.get();
        } catch (ConfigurationException e) {
            show(request, REFUSED, e.faults());
            return;
        }
        request.redirect(PATH, notice(result));
    }

    private static String notice(ConfigurationReloads.Result result) {
        List<String> sentences = new ArrayList<>();
        List<String> changed = result.here().changed();
        sentences.add(
                changed.isEmpty()
                        ? "The configuration was read again: nothing has changed."
                        : "The configuration was read again. In effect now: "
                                + String.join(", ", changed)
                                + ".");
        if (!result.here().needsRestart().isEmpty()) {
            sentences.add(
                    "In effect at the next start: "
                            + String.join(", ", result.here().needsRestart())
                            + ".");
        }
        String others =
                result.others().stream()
                        .filter(other -> other.state() != ConfigurationReloads.State.SAME)
                        .map(ConfigurationPages::words)
                        .collect(Collectors.joining(", "));
        if (!others.isEmpty()) {
            sentences.add("Other nodes: " + others + ".");
        }
        return String.join(" ", sentences);
    }

    private static String words(Other other) {
        return other.name()
                + switch (other.state()) {
                    case SAME -> " has the same";
                    case DIFFERENT -> " has another configuration";
                    case REFUSED -> " refuses its file";
                    case NO_ANSWER -> " did not answer";
                };
    }
}
