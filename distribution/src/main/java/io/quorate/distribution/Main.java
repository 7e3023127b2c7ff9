package io.quorate.distribution;

/** Entry point of the {@code quorate} command. */
public final class Main {

    private Main() {
    }

    /**
     * Runs the command.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        System.out.println("quorate " + Main.class.getModule().getDescriptor().name());
    }
}
