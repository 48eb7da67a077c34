#include "chance.h"

uint64_t chance;

int below(int n)
{
    chance += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = chance;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (int)((z ^ (z >> 31)) % (uint64_t)n);
}

bool one_in(int n)
{
    return below(n) == 0;
}
