package dev.mailbell.bench;

import java.util.List;
import java.util.function.Predicate;

/** A scenario that shows some of the figures of another. */
record SelectedFigures(Scenario scenario, Predicate<String> names) implements Scenario {
    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        return scenario.run(options).stream().filter(figure -> names.test(figure.name())).toList();
    }
}
