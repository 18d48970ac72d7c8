package dev.mailbell.config;

import dev.mailbell.config.ConfigurationLoader.Loaded;
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
 * The configuration the daemon runs with, which can be read again while it runs. What is under
 * {@code polling}, {@code providers}, {@code webhooks} and {@code limits} then changes at once;
 * everything else stays as it was at the start. A faulty configuration changes nothing.
 */
public final class LiveConfiguration implements Supplier<Configuration> {
    private static final Logger LOG = LoggerFactory.getLogger(LiveConfiguration.class);

    private final Supplier<Loaded> source;
    private final Supplier<FileStamp> stamps;
    private final FileStamp firstStamp;
    private final List<Consumer<Configuration>> listeners = new CopyOnWriteArrayList<>();
    private final ReentrantLock oneAtATime = new ReentrantLock();
    private Map<String, Object> values;
    private List<String> toldToNeedRestart = List.of();
    private @Nullable String toldRefusal;

    private volatile Configuration current;
    private volatile boolean refused;

    private LiveConfiguration(Supplier<Loaded> source, Supplier<FileStamp> stamps) {
        this.source = source;
        this.stamps = stamps;
        this.firstStamp = stamps.get();
        Loaded first = source.get();
        this.current = first.configuration();
        this.values = first.values();
    }

    /**
     * Reads the configuration for the first time.
     *
     * @param given the file, where the operator named one
     * @throws ConfigurationException with every fault
     */
    public static LiveConfiguration open(ConfigurationLoader loader, @Nullable Path given) {
        Found file = new Found(loader, given);
        return new LiveConfiguration(
                () -> loader.loadKeys(file.get().orElse(null)),
                () -> file.get().map(FileStamp::of).orElse(new FileStamp("none")));
    }

    /** One that never changes. */
    public static LiveConfiguration fixed(Configuration configuration) {
        return new LiveConfiguration(
                () -> new Loaded(configuration, Map.of()), () -> new FileStamp("none"));
    }

    /**
     * Which file it is. A file that was found once stays the one: when it vanishes that is a fault,
     * and not a wish for the defaults.
     */
    private static final class Found implements Supplier<Optional<Path>> {
        private final ConfigurationLoader loader;
        private volatile @Nullable Path path;

        Found(ConfigurationLoader loader, @Nullable Path given) {
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

    /** What is in effect now. */
    @Override
    public Configuration get() {
        return current;
    }

    /** Whether the last reading was refused, so that the file says something else than runs. */
    public boolean isRefused() {
        return refused;
    }

    /**
     * Has somebody told of every change from now on, after it took effect; one change at a time, in
     * the order of these calls. Listeners answer soon: the next reload waits for them.
     */
    public void onChange(Consumer<Configuration> listener) {
        listeners.add(listener);
    }

    /**
     * Reads the configuration again. What comes of it is logged too.
     *
     * @throws ConfigurationException with every fault; then nothing has changed
     */
    public Reload reload(Reload.Trigger trigger) {
        oneAtATime.lock();
        try {
            Loaded loaded = source.get();
            Reload reload = difference(loaded.values());
            refused = false;
            toldRefusal = null;
            tell(trigger, reload);
            if (!reload.changed().isEmpty()) {
                apply(loaded);
            }
            return reload;
        } catch (ConfigurationException e) {
            refused = true;
            tellRefusal(trigger, String.valueOf(e.getMessage()));
            throw e;
        } finally {
            oneAtATime.unlock();
        }
    }

    /** The file is another: who is to know of faults reads the log. */
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

    /** A change that a signal or a request brought is not told again when the file is noticed. */
    private void tell(Reload.Trigger trigger, Reload reload) {
        boolean asked = trigger != Reload.Trigger.FILE;
        if (!reload.changed().isEmpty() || asked) {
            LOG.info(
                    "Configuration read again after {}: {}",
                    trigger,
                    reload.changed().isEmpty()
                            ? "nothing changes"
                            : String.join(", ", reload.changed()) + " changed");
        }
        if (!reload.needsRestart().isEmpty()
                && (asked || !reload.needsRestart().equals(toldToNeedRestart))) {
            LOG.warn(
                    "Changed in the configuration, and in effect at the next start only: {}",
                    String.join(", ", reload.needsRestart()));
        }
        toldToNeedRestart = reload.needsRestart();
    }

    private void tellRefusal(Reload.Trigger trigger, String faults) {
        if (trigger != Reload.Trigger.FILE || !faults.equals(toldRefusal)) {
            LOG.warn(
                    "The configuration read again after {} is refused and everything stays as it was; {}",
                    trigger,
                    faults);
        }
        toldRefusal = faults;
    }
}
