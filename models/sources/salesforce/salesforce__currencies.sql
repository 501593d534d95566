{{ rates_of_currencies() }}
