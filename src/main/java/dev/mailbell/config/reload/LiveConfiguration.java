package dev.mailbell.config.reload;

import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationEntry;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.config.ConfigurationLoader.Loaded;
import dev.mailbell.config.parsing.ConfigurationException;
import dev.mailbell.config.parsing.ConfigurationFault;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The configuration in effect, which can be reloaded. A reload applies the keys under {@code
 * polling}, {@code providers}, {@code webhooks}, {@code limits} and {@code network.egress} at once;
 * all other keys keep their values until the next start. A configuration with faults changes
 * nothing.
 */
public final class LiveConfiguration implements Supplier<Configuration> {
    private static final Logger LOG = LoggerFactory.getLogger(LiveConfiguration.class);

    private final Supplier<Loaded> source;
    private final Supplier<FileStamp> stamps;
    private final FileStamp firstStamp;
    private final List<Consumer<Configuration>> listeners = new CopyOnWriteArrayList<>();
    private final List<Runnable> readers = new CopyOnWriteArrayList<>();
    private final ReentrantLock reloading = new ReentrantLock();
    private volatile Map<String, Object> values;
    private volatile Map<String, String> sources;
    private volatile List<String> waiting = List.of();
    private volatile List<ConfigurationFault> faults = List.of();
    private List<String> loggedRestartKeys = List.of();
    private @Nullable String loggedRefusal;

    private volatile Configuration current;
    private volatile boolean refused;

    private LiveConfiguration(Supplier<Loaded> source, Supplier<FileStamp> stamps) {
        this.source = source;
        this.stamps = stamps;
        this.firstStamp = stamps.get();
        Loaded first = source.get();
        this.current = first.configuration();
        this.values = first.values();
        this.sources = first.sources();
    }

    /**
     * Reads the configuration for the first time.
     *
     * @param given the file that the operator names, if any
     * @throws ConfigurationException with every fault
     */
    public static LiveConfiguration open(ConfigurationLoader loader, @Nullable Path given) {
        ConfigurationFile file = new ConfigurationFile(loader, given);
        return new LiveConfiguration(
                () -> loader.loadKeys(file.get().orElse(null)),
                () -> file.get().map(FileStamp::of).orElse(new FileStamp("none")));
    }

    /** A configuration that never changes. */
    public static LiveConfiguration fixed(Configuration configuration) {
        return new LiveConfiguration(
                () -> new Loaded(configuration, Map.of(), Map.of()), () -> new FileStamp("none"));
    }

    /**
     * The configuration's file. Once a file is found it stays the configuration's file: its later
     * absence is a fault and does not bring back the defaults.
     */
    private static final class ConfigurationFile implements Supplier<Optional<Path>> {
        private final ConfigurationLoader loader;
        private volatile @Nullable Path path;

        ConfigurationFile(ConfigurationLoader loader, @Nullable Path given) {
            this.loader = loader;
            this.path = given;
        }

        @Override
        public Optional<Path> get() {
            Optional<Path> found = loader.file(path);
            path = found.orElse(null);
            return found;
        }
    }

    /** The configuration in effect. */
    @Override
    public Configuration get() {
        return current;
    }

    /** Each key with its value in effect, in the order of the names. No secret is in it. */
    public List<ConfigurationEntry> entries() {
        Map<String, String> from = sources;
        List<String> atNextStart = waiting;
        return new TreeMap<>(values)
                .entrySet().stream()
                        .map(entry ->
                                ConfigurationEntry.of(
                                        entry.getKey(),
                                        entry.getValue(),
                                        from.get(entry.getKey()),
                                        atNextStart.contains(entry.getKey())))
                        .toList();
    }

    /** The faults for which the last reload was refused; empty when it was not. */
    public List<ConfigurationFault> faults() {
        return faults;
    }

    /** Whether the last reload was refused, so that the file is not in effect. */
    public boolean isRefused() {
        return refused;
    }

    /**
     * A short text that is the same on nodes with the same settings of what they do together. No
     * key of a secret is in it.
     */
    public String fingerprint() {
        return Fingerprint.of(values);
    }

    /**
     * Registers a listener that is called after each change has taken effect. Listeners are called
     * one after another in the order of registration, and return soon: the next reload waits.
     */
    public void onChange(Consumer<Configuration> listener) {
        listeners.add(listener);
    }

    /**
     * Registers what is read again with the configuration when the operator wants it, by a signal
     * or a request: files that the configuration names. It is called also when the configuration is
     * refused.
     */
    public void onRequest(Runnable reader) {
        readers.add(reader);
    }

    /**
     * Reads the configuration again, and logs the result too.
     *
     * @throws ConfigurationException with every fault; nothing has changed then
     */
    public Reload reload(Reload.Trigger trigger) {
        reloading.lock();
        try {
            if (trigger != Reload.Trigger.FILE) {
                readers.forEach(Runnable::run);
            }
            Loaded loaded = source.get();
            Reload reload = difference(loaded.values());
            refused = false;
            faults = List.of();
            waiting = reload.needsRestart();
            loggedRefusal = null;
            log(trigger, reload);
            if (reload.changed().isEmpty()) {
                sources = merged(sources, loaded.sources());
            } else {
                apply(loaded);
            }
            return reload;
        } catch (ConfigurationException e) {
            refused = true;
            faults = e.faults();
            logRefusal(trigger, String.valueOf(e.getMessage()));
            throw e;
        } finally {
            reloading.unlock();
        }
    }

    /** Reloads after a change of the file; faults are logged only. */
    void fileChanged() {
        try {
            reload(Reload.Trigger.FILE);
        } catch (ConfigurationException e) {
            LOG.debug("The changed file is refused");
        }
    }

    FileStamp stamp() {
        return stamps.get();
    }

    FileStamp firstStamp() {
        return firstStamp;
    }

    private Reload difference(Map<String, Object> newer) {
        List<String> changed = new ArrayList<>();
        List<String> needsRestart = new ArrayList<>();
        new TreeMap<>(newer)
                .forEach((key, value) -> {
                    if (!value.equals(values.get(key))) {
                        (Configuration.isReloaded(key) ? changed : needsRestart).add(key);
                    }
                });
        // Only ways out have keys that can go; the others always have a value.
        values.keySet().stream()
                .filter(key -> !newer.containsKey(key))
                .sorted()
                .forEach(changed::add);
        return new Reload(changed, needsRestart);
    }

    private void apply(Loaded loaded) {
        Map<String, Object> next = new HashMap<>(loaded.values());
        values.forEach((key, value) -> {
            if (!Configuration.isReloaded(key)) {
                next.put(key, value);
            }
        });
        values = Map.copyOf(next);
        sources = merged(sources, loaded.sources());
        Configuration configuration = current.reloadedFrom(loaded.configuration());
        current = configuration;
        for (Consumer<Configuration> listener : listeners) {
            try {
                listener.accept(configuration);
            } catch (RuntimeException e) {
                LOG.error("A part of the daemon did not take the new configuration over", e);
            }
        }
    }

    /** The sources of what is in effect: lines move also where no value changes. */
    private static Map<String, String> merged(Map<String, String> old, Map<String, String> newer) {
        Map<String, String> merged = new HashMap<>();
        newer.forEach((key, source) -> {
            if (Configuration.isReloaded(key) || old.containsKey(key)) {
                merged.put(key, source);
            }
        });
        old.forEach((key, source) -> {
            if (!Configuration.isReloaded(key)) {
                merged.putIfAbsent(key, source);
            }
        });
        return Map.copyOf(merged);
    }

    /** A change of the file is not logged again if a signal or a request has applied it before. */
    private void log(Reload.Trigger trigger, Reload reload) {
        boolean requested = trigger != Reload.Trigger.FILE;
        if (!reload.changed().isEmpty() || requested) {
            LOG.info(
                    "Configuration read again after {}: {}",
                    trigger,
                    reload.changed().isEmpty()
                            ? "nothing changes"
                            : String.join(", ", reload.changed()) + " changed");
        }
        if (!reload.needsRestart().isEmpty()
                && (requested || !reload.needsRestart().equals(loggedRestartKeys))) {
            LOG.warn(
                    "Changed in the configuration, and in effect at the next start only: {}",
                    String.join(", ", reload.needsRestart()));
        }
        loggedRestartKeys = reload.needsRestart();
    }

    private void logRefusal(Reload.Trigger trigger, String faults) {
        if (trigger != Reload.Trigger.FILE || !faults.equals(loggedRefusal)) {
            LOG.warn(
                    "The configuration read again after {} is refused and everything stays as it was; {}",
                    trigger,
                    faults);
        }
        loggedRefusal = faults;
    }
}
