#include <stdio.h>

#include "greeting.h"
#include "options.h"

int main(int argc, char **argv)
{
    struct options options;

    if (!options_parse(&options, argc, argv)) {
        fprintf(stderr, "usage: greet [NAME]\n");
        return 2;
    }
    greeting_print(stdout, &options);
    return 0;
}
