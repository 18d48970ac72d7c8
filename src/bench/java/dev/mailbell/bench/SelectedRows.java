package dev.mailbell.bench;

import java.util.List;
import java.util.function.Predicate;

/** A scenario of which only some figures are shown. */
record SelectedRows(Scenario scenario, Predicate<String> names) implements Scenario {
    @Override
    public List<Figure> run(Setting setting) throws InterruptedException {
        return scenario.run(setting).stream().filter(figure -> names.test(figure.name())).toList();
    }
}
